// Enhancements that HTML can't provide: the reader's time zone, the clipboard, and forms that are only sent once.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const local = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })
const inZone = (date) => `${local.format(date)} (${zone})`

for (const time of document.querySelectorAll("time")) {
  const date = new Date(time.dateTime)
  if (time.title === "") time.textContent = local.format(date)
  time.title = inZone(date)
}

for (const field of document.querySelectorAll("input[name=timeZone]")) field.value = zone
for (const hint of document.querySelectorAll("[data-zone-hint]")) {
  hint.textContent = `The end of that day where you are (${zone}).`
}

// Picking a date also selects that choice.
for (const field of document.querySelectorAll("input[name=expiresOn]")) {
  const output = document.getElementById(`${field.id}-moment`)
  const choice = document.getElementById(field.dataset.choice)
  const tell = () => {
    // The second before the next local day begins: at a midnight when clocks go back, 23:59:59 comes twice.
    const [year, month, day] = field.value.split("-").map(Number)
    const end = new Date(new Date(year, month - 1, day + 1).getTime() - 1000)
    output.textContent = Number.isNaN(end.getTime()) ? "" : `Expires ${inZone(end)}.`
  }
  field.addEventListener("input", () => {
    if (choice !== null) choice.checked = true
    tell()
  })
  tell()
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies)
  const status = document.getElementById(`${field.id}-copied`)
  button.hidden = false
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value)
      status.textContent = "Copied."
    } catch {
      field.focus()
      field.select()
      status.textContent = "Your browser doesn't allow copying here. The token is selected: copy it yourself."
    }
  })
}

for (const field of document.querySelectorAll("input.plaintext")) {
  field.addEventListener("focus", () => field.select())
  // Going back must not show it again, even if the browser has cached the page.
  addEventListener("pagehide", () => {
    for (const shown of document.querySelectorAll(".plaintext")) {
      shown.value = ""
      shown.textContent = ""
    }
  })
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(field.dataset.after)
  })
}

for (const form of document.querySelectorAll("form[method=post]")) {
  let isSent = false
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault()
    isSent = true
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true")
  })
  addEventListener("pageshow", () => {
    isSent = false
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled")
  })
}
