# --8<-- [start:compare]
from datetime import date, timedelta

import torch

from advlab.evaluation import paired


def worse(last, now):
    """What got worse from one report of `advlab audit --json` to the next, on the same images."""
    found = []
    same = ("epsilon", "norm", "data", "seed", "quick")
    changed = [name for name in same if last[name] != now[name]]
    if changed:
        return [f"not comparable: another {', '.join(changed)}"]
    known = {flag["name"] for flag in last["flags"]}
    found += [f"a new sign of a fooled attack: {flag['name']}" for flag in now["flags"] if flag["name"] not in known]
    before = {one["name"]: one["accuracy"] for one in last["attacks"]}
    for one in now["attacks"]:
        if one["name"] in before and one["accuracy"]["high"] < before[one["name"]]["low"]:
            found.append(f"{one['name']}: {before[one['name']]['value']:.0%}, now {one['accuracy']['value']:.0%}")
    stood, stands = (torch.tensor([not row["broken_by"] for row in report["images"]]) for report in (last, now))
    test = paired(stood, stands)
    if test["only_first"] > test["only_second"] and test["p"] < 0.05:
        found.append(f"worst case: {test['only_first']} of {len(stood)} images newly broken, p = {test['p']:.1g}")
    return found


def due(report, days=91):
    """The day of the next exercise: a quarter after this one."""
    return date.fromisoformat(report["date"][:10]) + timedelta(days=days)


# --8<-- [end:compare]

# --8<-- [start:exercise]
from advlab import data, trained
from advlab.audit import audit

test = data.subset(200)


def exercise(model):
    pair = (test.images, test.labels)
    return audit(model, 0.2, data=pair, images=20, quick=True).to_json()


last = exercise(trained("robust"))
now = exercise(trained("standard"))  # somebody trained it anew, and left the attack out of the loop
print(f"L-infinity, epsilon {now['epsilon']:g} in pixels, white and black box, n = {now['robust']['n']}")
for line in worse(last, now):
    print("worse:", line)
print("days to the next one:", (due(now) - date.fromisoformat(now["date"][:10])).days)
# --8<-- [end:exercise]
