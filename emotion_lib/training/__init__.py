"""Train networks on features, repeatably and with checkpoints, and combine them into ensembles."""

from emotion_lib.training.fitted import STATISTICS_WEIGHT, FittedNetwork, ensemble, with_statistics
from emotion_lib.training.runs import fit
from emotion_lib.training.schedules import AUGMENTED, PLAIN, Schedule

__all__ = ["AUGMENTED", "PLAIN", "STATISTICS_WEIGHT", "FittedNetwork", "Schedule", "ensemble", "fit", "with_statistics"]
