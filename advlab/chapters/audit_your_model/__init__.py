"""The page on auditing a model of your own: one that masks its gradients beside one that is robust."""

from advlab.chapters.audit_your_model.measure import trained_on_pgd

#: What other pages show, too: results, and what is made of them.
__all__ = ["trained_on_pgd"]
