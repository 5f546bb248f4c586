// The editor of a cell: what `make vendor` makes of CodeMirror.

import { minimalSetup } from "codemirror";
import { EditorView, keymap } from "@codemirror/view";
import { indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { classHighlighter } from "@lezer/highlight";

export function editor(parent, text, { label, run, changed }) {
  const keys = keymap.of([{ key: "Shift-Enter", run: () => (run(), true) }, indentWithTab]);
  return new EditorView({
    doc: text,
    parent,
    root: parent,
    extensions: [
      keys,
      minimalSetup,
      bracketMatching(),
      EditorView.lineWrapping,
      indentUnit.of("    "),
      python(),
      syntaxHighlighting(classHighlighter),
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
}
