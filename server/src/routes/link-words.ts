/** What a link says that opens nothing any more, in each language of the widgets: they themselves never need it. */
import { chain } from "../../../src/i18n/tags.ts";

interface LinkWords {
  title: string;
  body: string;
}

/** By tag, in lower case. */
const words: Readonly<Record<string, LinkWords>> = {
  ar: {
    title: "لم يعد هذا الرابط صالحًا",
    body: "ارجع إلى الصفحة التي أتيت منها وابدأ من جديد.",
  },
  cs: {
    title: "Tento odkaz už nelze použít",
    body: "Vraťte se na stránku, ze které jste přišli, a začněte znovu.",
  },
  da: {
    title: "Dette link kan ikke bruges længere",
    body: "Gå tilbage til den side, du kom fra, og begynd forfra.",
  },
  de: {
    title: "Dieser Link gilt nicht mehr",
    body: "Gehen Sie zurück zu der Seite, von der Sie gekommen sind, und beginnen Sie noch einmal.",
  },
  el: {
    title: "Αυτός ο σύνδεσμος δεν ισχύει πλέον",
    body: "Επιστρέψτε στη σελίδα από την οποία ήρθατε και ξεκινήστε ξανά.",
  },
  en: {
    title: "This link cannot be used any more",
    body: "Go back to the page that brought you here and start again.",
  },
  es: {
    title: "Este enlace ya no se puede usar",
    body: "Vuelve a la página desde la que llegaste y empieza de nuevo.",
  },
  fi: {
    title: "Tätä linkkiä ei voi enää käyttää",
    body: "Palaa sivulle, jolta tulit, ja aloita uudelleen.",
  },
  fr: {
    title: "Ce lien n’est plus valable",
    body: "Revenez à la page d’où vous venez et recommencez.",
  },
  he: {
    title: "הקישור הזה אינו תקף עוד",
    body: "יש לחזור לדף שממנו הגעתם ולהתחיל מחדש.",
  },
  hu: {
    title: "Ez a hivatkozás már nem használható",
    body: "Térjen vissza arra az oldalra, ahonnan érkezett, és kezdje újra.",
  },
  it: {
    title: "Questo link non è più valido",
    body: "Torna alla pagina da cui sei arrivato e ricomincia.",
  },
  ja: {
    title: "このリンクはもう使えません",
    body: "元のページに戻って、もう一度始めてください。",
  },
  ko: {
    title: "이 링크는 더 이상 사용할 수 없습니다",
    body: "이전 페이지로 돌아가서 다시 시작해 주세요.",
  },
  nb: {
    title: "Denne lenken kan ikke brukes lenger",
    body: "Gå tilbake til siden du kom fra, og begynn på nytt.",
  },
  nl: {
    title: "Deze link is niet meer geldig",
    body: "Ga terug naar de pagina waar u vandaan kwam en begin opnieuw.",
  },
  pl: {
    title: "Ten link nie jest już aktywny",
    body: "Wróć na stronę, z której tu trafiono, i zacznij od nowa.",
  },
  pt: {
    title: "Este link já não pode ser usado",
    body: "Volte à página de onde veio e comece de novo.",
  },
  ro: {
    title: "Acest link nu mai poate fi folosit",
    body: "Reveniți la pagina de la care ați ajuns aici și începeți din nou.",
  },
  sv: {
    title: "Den här länken går inte längre att använda",
    body: "Gå tillbaka till sidan du kom från och börja om.",
  },
  tr: {
    title: "Bu bağlantı artık kullanılamaz",
    body: "Geldiğiniz sayfaya dönüp yeniden başlayın.",
  },
  uk: {
    title: "Це посилання більше не діє",
    body: "Поверніться на сторінку, з якої ви прийшли, і почніть знову.",
  },
  "zh-hans": {
    title: "此链接已失效",
    body: "请返回之前的页面重新开始。",
  },
  "zh-hant": {
    title: "此連結已失效",
    body: "請返回之前的頁面重新開始。",
  },
};

/** @param locale any tag; English where its language is not spoken */
export function linkWords(locale: string): LinkWords {
  const tag = chain(locale).tags.find((each) => Object.hasOwn(words, each)) ?? "en";
  return words[tag] as LinkWords;
}
