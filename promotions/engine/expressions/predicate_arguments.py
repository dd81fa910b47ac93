"""Says what the builtins that take a predicate expect: values and predicates, ``?`` if optional."""

PREDICATE_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("all", "none", "any", "one", "filter", "map", "groupBy"), ("value", "predicate")
    ),
    **dict.fromkeys(("find", "findIndex", "findLast", "findLastIndex"), ("value", "predicate")),
    **dict.fromkeys(("count", "sum"), ("value", "predicate?")),
    **dict.fromkeys(("sortBy", "reduce"), ("value", "predicate", "value?")),
}
