"""Keys and help as data: what the footer, the help and the documentation show."""

from __future__ import annotations

from attrs import frozen
from textual.binding import Binding, BindingType

from fenbu.i18n import N_
from fenbu_tui.places import SCREENS


@frozen
class Key:
    """A key, what it does, and how it is told."""

    id: str
    keys: str
    """Textual's names, separated by commas."""
    action: str
    label: str
    """One word for the footer."""
    help: str
    """A sentence for the help."""
    shown: str = ""
    """How the key is written; Textual's way when empty."""
    footer: bool = True


APP = (
    Key("app.command", "colon", "command", N_("Command"), N_("Type a screen's name or a command of the command line"),
        ":"),
    Key("app.help", "question_mark", "help", N_("Help"), N_("Show the keys that work here"), "?"),
    Key("app.log", "at", "acts", N_("Log"), N_("Show what was done, each act as its command"), "@", footer=False),
    Key("app.undo", "u", "undo", N_("Undo"), N_("Take back the last act that can be taken back"), "u", footer=False),
    Key("app.worker", "W", "worker", N_("Worker"), N_("Let a worker deliver as long as this is open, or stop it"), "W",
        footer=False),
    Key("app.theme", "T", "next_theme", N_("Theme"), N_("Use the next theme: dark, light, high contrast"), "T",
        footer=False),
    Key("app.language", "L", "next_language", N_("Language"), N_("Use the next language"), "L", footer=False),
    Key("app.quit", "q", "quit", N_("Quit"), N_("Leave; nothing is lost, and what still runs is asked about"), "q"),
)  # fmt: skip

GOING = (
    *(Key(f"go.{one.name}", one.key, f"go('{one.name}')", one.title, one.help, one.key, footer=False)
      for one in SCREENS),
    Key("go.back", "left_square_bracket", "step(-1)", N_("Back"), N_("Go back to where you were"), "[", footer=False),
    Key("go.forth", "right_square_bracket", "step(1)", N_("Forth"), N_("Go forth again"), "]", footer=False),
)  # fmt: skip

LIST = (
    Key("list.down", "j,down", "cursor(1)", N_("Down"), N_("Go to the next row"), "j ↓", footer=False),
    Key("list.up", "k,up", "cursor(-1)", N_("Up"), N_("Go to the row before"), "k ↑", footer=False),
    Key("list.first", "g,home", "edge(-1)", N_("Top"), N_("Go to the first row"), "g", footer=False),
    Key("list.last", "G,end", "edge(1)", N_("Bottom"), N_("Go to the last row"), "G", footer=False),
    Key("list.page_down", "pagedown,ctrl+f", "page(1)", N_("Page"), N_("Go one page down"), "PgDn", footer=False),
    Key("list.page_up", "pageup,ctrl+b", "page(-1)", N_("Back"), N_("Go one page up"), "PgUp", footer=False),
)  # fmt: skip

FILTERED = (
    Key("filter.open", "slash", "filter", N_("Filter"), N_("Keep rows that have every word; !word leaves out"), "/"),
    Key("filter.clear", "escape", "back", N_("Clear"), N_("Clear the filter"), "esc", footer=False),
)  # fmt: skip

TYPING = (
    Key("filter.drop", "escape", "clear_and_leave", N_("Clear"), N_("Clear the filter"), "esc"),
    Key("filter.keep", "enter,down", "leave", N_("Keep"), N_("Keep the filter and go back to the rows"), "↵"),
)  # fmt: skip

SIDEWAYS = (
    Key("columns.right", "right,l", "sideways(1)", N_("Right"), N_("Show the columns further to the right"), "→",
        footer=False),
    Key("columns.left", "left,h", "sideways(-1)", N_("Left"), N_("Show the columns to the left again"), "←",
        footer=False),
)  # fmt: skip

RECORDS = (
    Key("records.open", "enter", "open", N_("Show"), N_("Open the list, or the record with all that belongs to it"),
        "↵"),
    Key("records.act", "a", "act", N_("Act"), N_("Do something with this record that its state allows"), "a"),
    Key("records.begin", "n", "begin", N_("New"), N_("Do something that makes a record"), "n"),
    Key("records.views", "v", "views", N_("Lists"), N_("Show all lists"), "v", footer=False),
    Key("records.sort", "s", "sort", N_("Sort"), N_("Order by the next column that has an index"), "s", footer=False),
    Key("records.turn", "S", "turn", N_("Turn"), N_("Turn the order round"), "S", footer=False),
    Key("records.columns", "C", "columns", N_("Columns"), N_("Choose the columns"), "C", footer=False),
    Key("records.story", "t", "story", N_("Story"), N_("Tell all that happened to this record"), "t", footer=False),
    Key("records.diagram", "D", "diagram", N_("States"), N_("Show the states and where this record stands"), "D",
        footer=False),
    Key("records.csv", "x", "export", N_("CSV"), N_("Write all these rows into a file as CSV"), "x", footer=False),
    Key("records.copy", "y", "copy", N_("Copy"), N_("Copy the number of this record"), "y", footer=False),
    Key("records.copy_all", "Y", "copy_all", N_("Copy all"), N_("Copy this record as JSON"), "Y", footer=False),
)  # fmt: skip

OPTIONS = (
    Key("options.down", "j", "cursor_down", N_("Down"), N_("Go to the next line"), "j ↓", footer=False),
    Key("options.up", "k", "cursor_up", N_("Up"), N_("Go to the line before"), "k ↑", footer=False),
    Key("options.first", "g", "first", N_("First"), N_("Go to the first line"), "g", footer=False),
    Key("options.last", "G", "last", N_("Last"), N_("Go to the last line"), "G", footer=False),
)  # fmt: skip

STORY = (
    Key("story.on", "enter", "on", N_("Go on"), N_("Choose where to go on: other documents, lists, the record"), "↵"),
    Key("story.follow", "f", "follow", N_("Follow"), N_("Tell the story of the document that this happened to"), "f"),
    Key("story.copy", "y", "copy", N_("Copy"), N_("Copy the number of the document"), "y", footer=False),
    Key("story.copy_all", "Y", "copy_all", N_("Copy all"), N_("Copy the whole story as text"), "Y", footer=False),
)  # fmt: skip

PANE = (
    Key("pane.down", "j,down", "scroll(1)", N_("Down"), N_("Go one line down"), "j ↓", footer=False),
    Key("pane.up", "k,up", "scroll(-1)", N_("Up"), N_("Go one line up"), "k ↑", footer=False),
    Key("pane.first", "g,home", "edge(-1)", N_("Top"), N_("Go to the first line"), "g", footer=False),
    Key("pane.last", "G,end", "edge(1)", N_("Bottom"), N_("Go to the last line"), "G", footer=False),
    Key("pane.page_down", "pagedown,ctrl+f,space", "page(1)", N_("Page"), N_("Go one page down"), "PgDn",
        footer=False),
    Key("pane.page_up", "pageup,ctrl+b", "page(-1)", N_("Back"), N_("Go one page up"), "PgUp", footer=False),
)  # fmt: skip

CARD = (Key("card.leave", "escape", "leave", N_("Back"), N_("Go back to the rows"), "esc"),)

CHOOSE = (Key("choose.cancel", "escape,q", "cancel", N_("Cancel"), N_("Choose nothing"), "esc"),)

ACTION = (
    Key("action.cancel", "escape", "cancel", N_("Cancel"), N_("Change nothing"), "esc"),
)  # fmt: skip

FORM = (
    Key("form.submit", "ctrl+s", "submit", N_("Done"), N_("Be done with the form"), "^s"),
)  # fmt: skip

ENTRIES = (Key("entries.add", "ctrl+n", "add", N_("One more"), N_("Go to an empty entry"), "^n"),)

ENTRY = (Key("entry.remove", "ctrl+r", "remove", N_("Take out"), N_("Take this entry out"), "^r"),)

PAUSING = (
    Key("flow.pause", "p", "pause", N_("Pause"), N_("Let nothing of this subscription begin; its events gather"), "p"),
    Key("flow.resume", "p", "resume", N_("Resume"), N_("Let this subscription go on"), "p"),
    Key("flow.deliveries", "d", "deliveries", N_("Deliveries"), N_("See what it has delivered and what waits"), "d"),
)  # fmt: skip

REPAIR = (
    Key("delivery.retry", "r", "retry", N_("Retry"), N_("Try this one again now, as if it were new"), "r"),
    Key("delivery.like", "R", "retry_like", N_("Alike"),
        N_("Try all dead ones again that have its topic and kind of error"), "R"),
    Key("delivery.skip", "K", "skip", N_("Give up"), N_("End this one by decision, with a reason"), "K"),
)  # fmt: skip

REPLAY = (
    Key("delivery.replay", "P", "replay", N_("Replay"), N_("Deliver this one again on purpose, or all from here"), "P"),
)  # fmt: skip

REASON = (
    Key("reason.cancel", "escape", "cancel", N_("Cancel"), N_("Change nothing"), "esc"),
)  # fmt: skip

OUTSIDE = (
    Key("delivery.outside", "o", "outside", N_("Calls"), N_("Change between deliveries and calls to the outside"), "o"),
)  # fmt: skip

RETRY = (Key("retry.now", "r", "retry", N_("Try now"), N_("Ask the database at once"), "r"),)

CLOSE = (Key("dialog.close", "escape,q,question_mark", "close", N_("Close"), N_("Go back"), "esc"),)

SWITCHING = (
    Key("module.enable", "e", "switch('enable')", N_("Enable"),
        N_("Switch it on; what that brings is shown first"), "e"),
    Key("module.disable", "d", "switch('disable')", N_("Disable"),
        N_("Switch it off; what waits for it is shown first, every row is kept"), "d"),
    Key("module.settings", "c", "settings", N_("Settings"), N_("Change its settings"), "c"),
    Key("module.upgrade", "U", "switch('upgrade')", N_("Upgrade"), N_("Bring its data up to its installed code"), "U",
        footer=False),
    Key("module.purge", "X", "switch('purge')", N_("Purge"),
        N_("Take its data out, into an archive; its name must be typed"), "X", footer=False),
)  # fmt: skip

AUDITING = (
    Key("audit.verify", "v", "verify", N_("Verify"), N_("Recompute the chain of the audit trail"), "v"),
)

OPEN = (Key("list.open", "enter", "open", N_("Show"), N_("Show all that is known of it"), "↵", footer=False),)

REPAIRING = (
    Key("problem.repair", "enter", "repair", N_("Repair"), N_("Put the command that repairs it on the line"), "↵"),
    Key("problem.copy", "y", "copy_repair", N_("Copy"), N_("Copy what to do about it"), "y", footer=False),
)  # fmt: skip

GO_BACK = (Key("page.leave", "escape", "leave", N_("Back"), N_("Go back to the list"), "esc"),)

DIALOG = (
    Key("dialog.next", "right,down,j,l", "turn(1)", N_("Next"), N_("Go to the next answer"), "→", footer=False),
    Key("dialog.before", "left,up,k,h", "turn(-1)", N_("Before"), N_("Go to the answer before"), "←", footer=False),
    Key("dialog.page_down", "pagedown,ctrl+f", "page(1)", N_("Page"), N_("Show more of what it brings"), "PgDn",
        footer=False),
    Key("dialog.page_up", "pageup,ctrl+b", "page(-1)", N_("Back"), N_("Show what stands above"), "PgUp",
        footer=False),
    Key("dialog.cancel", "escape", "cancel", N_("Cancel"), N_("Change nothing"), "esc"),
)  # fmt: skip

COMMAND = (
    Key("command.complete", "tab", "complete", N_("Complete"), N_("Take the next proposal"), "tab"),
    Key("command.older", "up", "recall(-1)", N_("Older"), N_("What was typed before"), "↑"),
    Key("command.newer", "down", "recall(1)", N_("Newer"), N_("What was typed after"), "↓"),
    Key("command.leave", "escape", "leave", N_("Leave"), N_("Go back; nothing is run"), "esc"),
)  # fmt: skip

OUTPUT = (
    Key("output.stop", "x", "stop", N_("Stop"), N_("Stop the command"), "x"),
    Key("output.copy", "c", "copy_command", N_("Copy command"), N_("Copy the command"), "c"),
    Key("output.copy_all", "y", "copy_output", N_("Copy output"), N_("Copy what the command has written"), "y"),
    Key("output.close", "escape,q", "close", N_("Close"), N_("Go back; what still runs is stopped"), "esc"),
)  # fmt: skip

PROGRESS = (
    Key("progress.stop", "x", "stop", N_("Stop"), N_("Stop after the step in hand; what is done stays done"), "x"),
    Key("progress.copy", "c", "copy_command", N_("Copy command"), N_("Copy the command"), "c"),
    Key("progress.copy_all", "y", "copy_output", N_("Copy output"), N_("Copy what was told"), "y", footer=False),
    Key("progress.close", "escape,q", "close", N_("Close"), N_("Go back; what still runs goes on"), "esc"),
)  # fmt: skip

ROLLOUT = (
    Key("rollout.apply", "a", "apply", N_("Apply"),
        N_("Carry out the next stage, or all up to the one under the cursor; the plan is shown first"), "a"),
    Key("rollout.approve", "A", "approve", N_("Approve"), N_("Say yes to this stage, or take one's yes back"), "A"),
    Key("rollout.back", "b", "roll_back", N_("Roll back"),
        N_("Take this stage back; what that brings is shown first, every row is kept"), "b"),
    Key("rollout.side", "p", "side", N_("Plan/file"),
        N_("Change between plan and file, where there is no room for both"), "p"),
    Key("rollout.rehearse", "r", "rehearse", N_("Rehearse"),
        N_("Apply the whole file to a copy of this enterprise, and say what came of it"), "r", footer=False),
    Key("rollout.adopt", "d", "adopt", N_("Adopt"), N_("Write what was changed by hand back into the file"), "d",
        footer=False),
    Key("rollout.runs", "H", "runs", N_("History"), N_("Show what was applied and rolled back"), "H", footer=False),
    Key("rollout.source", "o", "source", N_("Other"), N_("Change between the file here and the one that was applied"),
        "o", footer=False),
    Key("rollout.begin", "n", "begin", N_("New"), N_("Write a rollout file to begin with"), "n"),
    Key("rollout.unlock", "X", "unlock", N_("Unlock"), N_("Free the lock of the rollout"), "X", footer=False),
)  # fmt: skip

STAGE = (
    Key("stage.approve", "A", "approve", N_("Approve"),
        N_("Say yes to the gate under the cursor that asks for it, else to the stage; or take one's yes back"), "A"),
    Key("stage.override", "K", "override", N_("Override"),
        N_("Let the gate under the cursor be passed once, with a reason; another operator must apply the stage"), "K"),
    Key("stage.back", "b", "roll_back", N_("Roll back"),
        N_("Take this stage back; what that brings is shown first, every row is kept"), "b"),
)  # fmt: skip

ACTS = (
    Key("acts.copy", "c", "copy", N_("Copy"), N_("Copy the command under the cursor"), "c"),
    Key("acts.close", "escape,q,at", "close", N_("Close"), N_("Go back"), "esc"),
)  # fmt: skip


def bindings(*groups: tuple[Key, ...]) -> list[BindingType]:
    """Return the bindings of some groups; their texts are translated where they are shown."""
    return [
        Binding(key.keys, key.action, key.label, key.footer, key.shown or None, id=key.id, tooltip=key.help)
        for group in groups
        for key in group
    ]
