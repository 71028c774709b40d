"""Draw figures of arrays and tables with matplotlib.

Every `plot_*` draws on the given axes or on new ones, and returns them. Axes have units but no title: a title
states a finding, so the notebook sets it. Each emotion has the same colour and marker in all figures
(`emotions.STYLES`).
"""

from emotion_lib.errors import extra

with extra("notebooks"):
    from emotion_lib.plots.conditions import plot_conditions
    from emotion_lib.plots.results import plot_confusion_matrix
    from emotion_lib.plots.signals import plot_log_mel, plot_mfcc, plot_spectrogram, plot_waveform
    from emotion_lib.plots.style import show, use_style
    from emotion_lib.plots.timeline import plot_explanation, plot_timeline

__all__ = [
    "plot_conditions",
    "plot_confusion_matrix",
    "plot_explanation",
    "plot_log_mel",
    "plot_mfcc",
    "plot_spectrogram",
    "plot_timeline",
    "plot_waveform",
    "show",
    "use_style",
]
