"""Pure rules: profile, merge, consent, identity, vocabulary, availability, errors, clock. No I/O."""
