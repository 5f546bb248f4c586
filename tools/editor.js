// The editor of a cell: what `make vendor` makes of CodeMirror.

import { minimalSetup } from "codemirror";
import { EditorView, keymap } from "@codemirror/view";
import { indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { classHighlighter } from "@lezer/highlight";

// It takes the room of the code whose place it takes, and a line of it stays a line.
const look = EditorView.theme({
  "&": {
    background: "var(--pg-raised)",
    border: "1px solid var(--pg-line)",
    borderLeft: "3px solid var(--pg-accent)",
    borderRadius: "4px",
    fontSize: "0.875rem",
  },
  ".cm-scroller": { fontFamily: "var(--pst-font-family-monospace)", lineHeight: 1.25 },
  ".cm-content": { padding: "0.6rem 0" },
  ".cm-line": { padding: "0 0.75rem" },
  ".cm-cursor": { borderColor: "var(--pg-ink)" },
  ".tok-keyword": { color: "var(--pg-violet-edge)" },
  ".tok-comment": { color: "var(--pg-quiet)" },
  ".tok-string, .tok-string2": { color: "var(--pg-green-edge)" },
  ".tok-number": { color: "var(--pg-warm)" },
});

export function editor(parent, text, { label, run, changed }) {
  const keys = keymap.of([{ key: "Shift-Enter", run: () => (run(), true) }, indentWithTab]);
  return new EditorView({
    doc: text,
    parent,
    root: parent,
    extensions: [
      keys,
      look,
      minimalSetup,
      bracketMatching(),
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
