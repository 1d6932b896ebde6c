"""The keys of a trial, and what its screen says of itself."""

from __future__ import annotations

from textual.binding import Binding, BindingType

TOUR = (
    "One trial, step by step: how the score changed, the action, what the world answered; the "
    "goal stays on top. A live trial grows at the end, and is followed while the cursor stands "
    "on the last step. 'uses 2' names the learnings that the model cited; [you] marks what a "
    "person chose. The panel shows the step in full or, with p, exactly what the model read, "
    "with the tokens that it read and those it could reuse. From 140 columns on the memory "
    "stands beside it (else press l): what the last revision made new (+), surer (^), less "
    "sure (v), turned (!) or gone (-), and which links this step cited, was told by recall, "
    "did, or was warned by; then the scores of the trials, and the engine."
)

KEYS: list[BindingType] = [
    Binding(
        "left_square_bracket",
        "other(-1)",
        "Prev trial",
        key_display="[",
        show=False,
        tooltip="The trial before",
    ),
    Binding(
        "right_square_bracket",
        "other(1)",
        "Next trial",
        key_display="]",
        show=False,
        tooltip="The trial after",
    ),
    Binding("n", "score(1)", "Next score", tooltip="The next step at which the score changed"),
    Binding(
        "N",
        "score(-1)",
        "Previous score",
        show=False,
        tooltip="The step before at which the score changed",
    ),
    Binding(
        "slash",
        "find",
        "Search",
        key_display="/",
        tooltip="Search this trial; Enter goes to the next hit",
    ),
    Binding("p", "prompt", "Prompt", tooltip="What the model read and wrote at this step"),
    Binding("d", "detail", "Panel", show=False, tooltip="Show or hide the step in full"),
    Binding(
        "l",
        "links",
        "Links",
        show=False,
        tooltip="The memory as it stands, and the links that this step has to do with",
    ),
    Binding("y", "copy", "Copy", show=False, tooltip="Copy the step to the clipboard"),
    Binding(
        "r",
        "replay",
        "Replay",
        tooltip="Play the trial again from its first step, or stop the replay",
    ),
    Binding(
        "plus,equals_sign",
        "speed(1)",
        "Faster",
        show=False,
        key_display="+",
        tooltip="Replay faster",
    ),
    Binding("minus", "speed(-1)", "Slower", show=False, key_display="-", tooltip="Replay slower"),
    Binding(
        "i",
        "step_in",
        "Step in",
        tooltip="Pause the live run, choose its next action, correct it",
    ),
    Binding("m", "memory", "Memory", tooltip="How the memory evolved"),
    Binding("c", "curves", "Curves", show=False, tooltip="Score and steps over trials"),
    Binding("tab", "pane(1)", "Next pane", key_display="Tab", tooltip="Go to the next pane"),
    Binding(
        "shift+tab",
        "pane(-1)",
        "Pane before",
        show=False,
        key_display="S-Tab",
        tooltip="The pane before",
    ),
    Binding("z", "large", "Large", tooltip="Give this pane the whole screen, or take it back"),
]
