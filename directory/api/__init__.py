"""The JSON API: one blueprint per resource. Handlers parse, make one service call and serialise."""
