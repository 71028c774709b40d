"""Get used to one voice: a few utterances of a speaker in, and from then on better probabilities; no network retrained.

An utterance is described by a few hundred voice statistics. How these vary while a speaker stays in one emotion, and
how far emotions lie apart, carries over from the training voices; where the emotions of the new voice lie does not, and
is what its own utterances tell.

`describing` has the statistics, `voices` what is learnt of the training voices, and `enrolling` gets used to a new one.
"""

from emotion_lib.enrolment.describing import statistics
from emotion_lib.enrolment.enrolling import Enrolment, enrol
from emotion_lib.enrolment.voices import Voices, learn

__all__ = ["Enrolment", "Voices", "enrol", "learn", "statistics"]
