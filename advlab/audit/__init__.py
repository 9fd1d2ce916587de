"""Is this model's robustness real? `audit(model, epsilon)` attacks it and looks for signs of fooled attacks."""

from advlab.audit.auditing import audit
from advlab.audit.flag import Flag
from advlab.audit.images import Data
from advlab.audit.result import Attacked, Audit
from advlab.verify.loading import ModelError, UsageError

__all__ = ["Attacked", "Audit", "Data", "Flag", "ModelError", "UsageError", "audit"]
