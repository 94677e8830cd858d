/** A drawing as a file of one's own. */

export async function download(file: Promise<string>, title: string): Promise<void> {
  const address = URL.createObjectURL(new Blob([await file], { type: "application/xml" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${
    title
      .replace(/[\\/:*?"<>|]+/g, " ")
      .slice(0, 100)
      .trim() || "process"
  }.bpmn`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
