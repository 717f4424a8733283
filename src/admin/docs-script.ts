/** All that the page needs a script for. Without it, or where the page may not use the clipboard, people select the text. */
export const script = `
for (const pre of document.querySelectorAll("pre.shell")) {
	const button = document.createElement("button");
	button.type = "button";
	button.textContent = "Copy";
	button.setAttribute("aria-live", "polite");
	const say = (text) => {
		button.textContent = text;
		setTimeout(() => { button.textContent = "Copy"; }, 2000);
	};
	button.addEventListener("click", async () => {
		const code = pre.querySelector("code");
		try {
			await navigator.clipboard.writeText(code.textContent);
			say("Copied");
		} catch {
			getSelection().selectAllChildren(code);
			say("Selected");
		}
	});
	const frame = document.createElement("div");
	frame.className = "frame";
	pre.replaceWith(frame);
	frame.append(pre, button);
}
`;
