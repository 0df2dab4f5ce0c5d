"""The colours: the terminal's own sixteen, chosen so that they can be read on dark and on light."""

from typing import Final

STYLES: Final = {
    "heading": "bold",
    "tid": "ansicyan",
    "hint": "ansibrightblack",
    "error": "ansired bold",
    "place": "ansired",
    "good": "ansigreen",
    "report": "ansimagenta",
    "state.ready": "ansigreen",
    "state.running": "ansigreen bold",
    "state.blocked": "",
    "state.stopped": "ansimagenta",
    "state.exited": "ansibrightblack",
    "code.keyword": "ansimagenta",
    "code.string": "ansigreen",
    "code.number": "ansicyan",
    "code.comment": "ansibrightblack",
    "code.name": "bold",
    "local": "ansicyan",
    "mark": "ansigreen bold",
    "trace": "ansicyan",
    "prompt": "ansigreen bold",
}
