"""Sleep stages, epoch by epoch, as they come: step(state, epoch) -> Staged. Never looks ahead."""

from cloud.staging.stage import Config, Staged, Staging, step

__all__ = ["Config", "Staged", "Staging", "step"]
