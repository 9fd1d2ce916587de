# --8<-- [start:columns]
import torch

from advlab.attacks import Column, feasible, tabular

columns = [
    Column("account age, days", 0, 3000, "fixed", whole=True),
    Column("amount", 1, 5000, "down"),
    Column("payments today", 0, 12, "up", whole=True),
    Column("hour", 0, 23, "any", whole=True),
]
payment = torch.tensor([[40.0, 900.0, 1.0, 3.0]]).double()
# --8<-- [end:columns]


# --8<-- [start:attack]
def suspicion(rows):
    """A toy detector: large sums, and anything before six in the morning."""
    age, amount, today, hour = rows.unbind(1)
    return amount / 1000 + 0.2 * today + 0.8 * (hour < 6) - age / 1000


moved = tabular(suspicion, payment, columns, changes=1)
print("after one change:", moved[0].tolist())
print("could have been made:", bool(feasible(payment, moved, columns)))
step = torch.tensor([[5.0, -50.0, -0.5, 0.0]])  # down the slope
could = bool(feasible(payment, payment + step, columns))
print("a step down the slope could have been made:", could)
# --8<-- [end:attack]
