"""Training: features and emotions in, a fitted network out; repeatable, and not lost when it is killed."""

from emotion_lib.training.fitted import FittedNetwork
from emotion_lib.training.fitting import fit
from emotion_lib.training.joining import STATISTICS_WEIGHT, together, with_statistics
from emotion_lib.training.regimes import AS_GIVEN, VARIED, Regime

__all__ = ["AS_GIVEN", "STATISTICS_WEIGHT", "VARIED", "FittedNetwork", "Regime", "fit", "together", "with_statistics"]
