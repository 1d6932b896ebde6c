"""What all screens share: a way back, help, a message for terminals that are too small, and news
from the feed."""

from __future__ import annotations

from collections.abc import Set
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from tui.feed import Feed, News
from tui.marks import line

if TYPE_CHECKING:
    from tui.app import Watch

SMALLEST = (60, 15)


HINT = (
    "New here? Enter opens, Esc goes back, ? tells the keys of a screen, Ctrl-P finds every "
    "command by name. This line goes with the first ?."
)
"""Told once, to who opens the app for the first time."""


class Arrived(Message):
    """The feed has news; sent to every screen that is seen."""

    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news


class Watching(Screen[None]):
    """A screen over the file. ``TOUR`` says in a few lines what it shows."""

    TOUR: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("question_mark", "explain", "Help", key_display="?", tooltip="This page"),
    ]
    DEFAULT_CSS = """
    Watching > #too-small {
        display: none;
        width: 100%;
        height: 100%;
        content-align: center middle;
        text-align: center;
    }
    Watching > .hint { height: auto; padding: 0 1; background: $accent 30%; display: none; }
    Watching > .hint.-on { display: block; }
    Watching.-small { overflow: hidden; }
    Watching.-small > * { display: none; }
    Watching.-small > #too-small { display: block; }
    """
    app: Watch

    def __init__(self) -> None:
        super().__init__()
        self._missed: tuple[set[str], set[str]] = set(), set()

    @property
    def feed(self) -> Feed:
        return self.app.feed

    def content(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def compose(self) -> ComposeResult:
        yield Static(classes="trouble", markup=False)
        yield from self.content()
        yield Static(HINT, classes="hint", markup=False)
        yield Footer(show_command_palette=False)
        yield Static(id="too-small", markup=False)

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-small")
        self.query_one("#too-small", Static).update(
            f"This terminal is {width}x{height}.\nclin watch needs {SMALLEST[0]}x{SMALLEST[1]}: "
            "make it larger."
        )

    def on_mount(self) -> None:
        self.tell_trouble()
        self.tell_hint()

    def on_screen_resume(self) -> None:
        self.tell_hint()
        self.tell_trouble()
        runs, learned = self._missed
        if runs:
            self._missed = set(), set()
            self.arrived(runs, learned)

    @property
    def seen(self) -> bool:
        """Whether nothing covers this screen but a page that it shines through."""
        above = list(takewhile(lambda screen: screen is not self, reversed(self.app.screen_stack)))
        return all(isinstance(screen, ModalScreen) for screen in above)

    def hear(self, news: News) -> None:
        """Be told of news. A covered screen waits with them until it is seen again: Textual (8.2)
        draws all of the screen on top anew when one that it covers gets a message."""
        if self.seen:
            self.post_message(Arrived(news))
        else:
            self._missed[0].update(news.runs | news.learned)
            self._missed[1].update(news.learned)

    def on_arrived(self, message: Arrived) -> None:
        self.tell_trouble()
        self.arrived(message.news.runs, message.news.learned)

    def arrived(self, runs: Set[str], learned: Set[str]) -> None:
        """Show what is new: these ``runs`` changed, and those that ``learned`` have a new version
        of their memory."""

    def tell_hint(self) -> None:
        """Show the hint as long as nobody has asked for help."""
        for shown in self.query(".hint"):
            shown.set_class(self.app.hint, "-on")

    def tell_trouble(self) -> None:
        """Say on top what is wrong with the file, while it is. A screen that is just opening has
        no widgets yet, and says it once it has."""
        said = self.feed.trouble
        for shown in self.query(".trouble").results(Static):
            if shown.has_class("-on") or said:
                shown.update(line(said))
                shown.set_class(bool(said), "-on")

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_explain(self) -> None:
        self.app.hint = False
        self.tell_hint()
        self.app.push_screen(Explained(self))

    def say(self, text: str, *, wrong: bool = False) -> None:
        """A note to the person, never read as markup."""
        self.notify(text, markup=False, severity="error" if wrong else "information")


class Explained(ModalScreen[None]):
    """What a screen shows, and every key that works there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss_help", "Close")
    ]
    DEFAULT_CSS = """
    Explained { align: center middle; }
    Explained > VerticalScroll {
        width: 76;
        max-width: 100%;
        height: auto;
        max-height: 100%;
        border: round $primary;
        background: $surface;
        padding: 0 2;
    }
    """

    def __init__(self, about: Watching) -> None:
        super().__init__()
        self.about = about

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("\n".join([self.about.TOUR, "", *self._keys()]), markup=False)

    def _keys(self) -> list[str]:
        by_use: dict[str, list[str]] = {}
        for binding in (active.binding for active in own_keys(self.about)):
            display = self.app.get_key_display(binding)
            by_use.setdefault(binding.tooltip or binding.description, []).append(display)
        lines = [f"{' '.join(displays):>8}  {use}" for use, displays in by_use.items()]
        return [*lines, f"{'^p':>8}  Every command by name; themes"]

    def action_dismiss_help(self) -> None:
        self.dismiss()


def own_keys(screen: Screen[Any]) -> list[ActiveBinding]:
    """Our own keys that work on ``screen`` now, and the app's; a widget's usual arrows need no
    explaining."""
    ours: dict[str, ActiveBinding] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and active.enabled and binding.key in _declared(type(active.node)):
            ours[binding.key] = active
    return [*ours.values()]


def _declared(kind: type) -> set[str]:
    """The keys that our own classes bind, not those that they inherit from Textual."""
    keys: set[str] = set()
    for cls in kind.__mro__:
        if cls.__module__.startswith("tui."):
            bindings = cls.__dict__.get("BINDINGS", ())
            keys |= {binding.key for binding in Binding.make_bindings(bindings)}
    return keys
