"""Made-up results for the tests of figures, tables and claims."""

import json


def changed(result, *path, value):
    """A copy of a result with one value replaced."""
    copy = json.loads(json.dumps(result))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy
