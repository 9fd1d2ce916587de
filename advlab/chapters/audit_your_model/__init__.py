"""The page on auditing your own model: a model that masks its gradients beside one that is robust."""

from advlab.chapters.audit_your_model.measure import trained_on_pgd

#: Names that other pages use: results and what is made from them.
__all__ = ["trained_on_pgd"]
