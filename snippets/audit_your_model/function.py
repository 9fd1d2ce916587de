from advlab import data, trained
from advlab.audit import audit

test = data.subset(200)
found = audit(trained("standard"), 0.1, data=(test.images, test.labels), images=20, quick=True)

print("exit status", found.exit_status)
print("flags that matter:", [flag.name for flag in found.flags if flag.severity != "note"])
print("attacks:", len(found.attacks))
