// The editor of queries: the caret stands where a refusal says, and an example takes the place of the query without loading the page.

const editor = document.getElementById("expression");

function place(line, column) {
  const lines = editor.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const characters = [...(lines[line - 1] ?? "")]; // the server counts characters, and strings have two units for some
  const at = before + characters.slice(0, column - 1).join("").length;
  editor.focus();
  editor.setSelectionRange(at, at + (characters[column - 1]?.length ?? 0));
}

if (editor.dataset.line) place(Number(editor.dataset.line), Number(editor.dataset.column));

for (const link of document.querySelectorAll("a[data-example]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    editor.focus();
    editor.select();
    // What was typed can be had back with Ctrl+Z where this works.
    if (!document.execCommand("insertText", false, link.dataset.example)) editor.value = link.dataset.example;
    const header = new URL(link.href).searchParams.get("header") ?? "";
    const choice = document.querySelector(`input[name=header][value="${header}"]`);
    if (choice) choice.checked = true;
  });
}

editor.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    editor.form.requestSubmit();
  }
});
