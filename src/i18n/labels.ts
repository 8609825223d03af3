/** What the button says where the page gives it no label. A file of its own, so that no page loads a catalogue for it. */
const labels: Readonly<Record<string, string>> = {
  ar: "إلغاء الاشتراك",
  cs: "Zrušit předplatné",
  da: "Opsig abonnement",
  de: "Abo kündigen",
  el: "Ακύρωση συνδρομής",
  es: "Cancelar suscripción",
  fi: "Irtisano tilaus",
  fr: "Résilier l’abonnement",
  he: "לבטל את המינוי",
  hu: "Előfizetés lemondása",
  it: "Disdici abbonamento",
  ja: "契約を解約する",
  ko: "구독 해지하기",
  nb: "Si opp abonnementet",
  nn: "Si opp abonnementet",
  no: "Si opp abonnementet",
  nl: "Abonnement opzeggen",
  pl: "Zrezygnuj z subskrypcji",
  pt: "Cancelar assinatura",
  ro: "Anulați abonamentul",
  sv: "Säg upp prenumerationen",
  tr: "Aboneliği iptal et",
  uk: "Скасувати підписку",
  "zh-hans": "取消订阅",
  "zh-hant": "取消訂閱",
};

/** The label for a locale, and its language: what an element takes up as its own. */
export function labelFor(locale: string): { textContent: string; lang: string } {
  let lang = "en";
  try {
    const { language, script } = new Intl.Locale(locale.replaceAll("_", "-")).maximize();
    const tags = [`${language}-${script}`.toLowerCase(), language];
    lang = tags.find((tag) => Object.hasOwn(labels, tag)) ?? lang;
  } catch {}
  return { lang, textContent: labels[lang] ?? "Cancel subscription" };
}
