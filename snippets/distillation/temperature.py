# --8<-- [start:loss]
import torch
import torch.nn.functional as F


def loss_of_student(logits, teachers_logits, temperature):
    soft_labels = (teachers_logits / temperature).softmax(dim=1)
    return F.cross_entropy(logits / temperature, soft_labels)


# --8<-- [end:loss]


# --8<-- [start:underflow]
for lead in (11, 80, 110, 776):  # by how much the right logit leads
    logits = torch.tensor([[float(lead), 0.0]], requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, logits)
    print(f"lead {lead:3}: probability {logits.softmax(1)[0, 1].item():.0e}, gradient {gradient[0, 1].item():.0e}")
# --8<-- [end:underflow]
