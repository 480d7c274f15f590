"""Pure search rules: the field table, request and page types, query understanding, the engine port."""
