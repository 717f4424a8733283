/** Says what reaches it; ends with code 7 at the second SIGINT, or when asked to by SIGTERM. */
let interrupts = 0;
process.on("SIGINT", () => {
	interrupts += 1;
	console.log(`SIGINT ${interrupts}`);
	if (interrupts === 2) process.exit(7);
});
process.on("SIGTERM", () => {
	console.log("SIGTERM");
	setTimeout(() => process.exit(7), 300);
});
console.log(`ready ${process.pid} ${process.argv.slice(2).join("|")}`);
setInterval(() => {}, 1_000);
