/** What only hosted flows of links say, in each language of the widgets: these themselves never need it. */
import { chain } from "../../../src/i18n/tags.ts";

interface Notice {
  title: string;
  body: string;
}

interface LinkWords {
  /** Of a link that opens nothing any more. */
  over: Notice;
  /** Of one whose result the business has got. */
  used: Notice;
  /** Before a cancellation of which nobody has said when it takes effect. */
  openEnd: string;
}

/** By tag, in lower case. */
const words: Readonly<Record<string, LinkWords>> = {
  ar: {
    over: { title: "لم يعد هذا الرابط صالحًا", body: "ارجع إلى الصفحة التي أتيت منها وابدأ من جديد." },
    used: { title: "سبق استخدام هذا الرابط", body: "تم إرسال إجابتك. لتغييرها، ارجع وابدأ من جديد." },
    openEnd: "سيتم إلغاء اشتراكك، وسيتم إبلاغك بآخر يوم فيه.",
  },
  cs: {
    over: {
      title: "Tento odkaz už nelze použít",
      body: "Vraťte se na stránku, ze které jste přišli, a začněte znovu.",
    },
    used: {
      title: "Tento odkaz už byl použit",
      body: "Vaše odpověď byla předána. Chcete-li ji změnit, vraťte se a začněte znovu.",
    },
    openEnd: "Vaše předplatné bude zrušeno. Poslední den vám bude sdělen.",
  },
  da: {
    over: {
      title: "Dette link kan ikke bruges længere",
      body: "Gå tilbage til den side, du kom fra, og begynd forfra.",
    },
    used: {
      title: "Dette link er allerede brugt",
      body: "Dit svar er sendt videre. Vil du ændre det, så gå tilbage og begynd forfra.",
    },
    openEnd: "Dit abonnement bliver opsagt. Du får besked om den sidste dag.",
  },
  de: {
    over: {
      title: "Dieser Link gilt nicht mehr",
      body: "Gehen Sie zurück zu der Seite, von der Sie gekommen sind, und beginnen Sie noch einmal.",
    },
    used: {
      title: "Dieser Link wurde schon benutzt",
      body: "Ihre Antwort wurde weitergegeben. Um sie zu ändern, gehen Sie zurück und beginnen Sie noch einmal.",
    },
    openEnd: "Ihr Abo wird gekündigt. Der letzte Tag wird Ihnen mitgeteilt.",
  },
  el: {
    over: {
      title: "Αυτός ο σύνδεσμος δεν ισχύει πλέον",
      body: "Επιστρέψτε στη σελίδα από την οποία ήρθατε και ξεκινήστε ξανά.",
    },
    used: {
      title: "Αυτός ο σύνδεσμος έχει ήδη χρησιμοποιηθεί",
      body: "Η απάντησή σας διαβιβάστηκε. Για να την αλλάξετε, επιστρέψτε και ξεκινήστε ξανά.",
    },
    openEnd: "Η συνδρομή σας θα ακυρωθεί. Θα ενημερωθείτε για την τελευταία ημέρα της.",
  },
  en: {
    over: {
      title: "This link cannot be used any more",
      body: "Go back to the page that brought you here and start again.",
    },
    used: {
      title: "This link has already been used",
      body: "Your answer has been passed on. To change it, go back and start again.",
    },
    openEnd: "Your subscription will be cancelled. You will be told its last day.",
  },
  es: {
    over: {
      title: "Este enlace ya no se puede usar",
      body: "Vuelve a la página desde la que llegaste y empieza de nuevo.",
    },
    used: {
      title: "Este enlace ya se ha usado",
      body: "Tu respuesta se ha transmitido. Para cambiarla, vuelve y empieza de nuevo.",
    },
    openEnd: "Tu suscripción se cancelará. Te informarán de su último día.",
  },
  fi: {
    over: {
      title: "Tätä linkkiä ei voi enää käyttää",
      body: "Palaa sivulle, jolta tulit, ja aloita uudelleen.",
    },
    used: {
      title: "Tätä linkkiä on jo käytetty",
      body: "Vastauksesi on välitetty. Jos haluat muuttaa sitä, palaa ja aloita uudelleen.",
    },
    openEnd: "Tilauksesi perutaan. Saat tiedon sen viimeisestä päivästä.",
  },
  fr: {
    over: { title: "Ce lien n’est plus valable", body: "Revenez à la page d’où vous venez et recommencez." },
    used: {
      title: "Ce lien a déjà été utilisé",
      body: "Votre réponse a été transmise. Pour la modifier, revenez en arrière et recommencez.",
    },
    openEnd: "Votre abonnement sera résilié. Son dernier jour vous sera communiqué.",
  },
  he: {
    over: { title: "הקישור הזה אינו תקף עוד", body: "יש לחזור לדף שממנו הגעתם ולהתחיל מחדש." },
    used: {
      title: "כבר נעשה שימוש בקישור הזה",
      body: "התשובה שלכם הועברה. כדי לשנות אותה, יש לחזור ולהתחיל מחדש.",
    },
    openEnd: "המינוי שלכם יבוטל. היום האחרון שלו יימסר לכם.",
  },
  hu: {
    over: {
      title: "Ez a hivatkozás már nem használható",
      body: "Térjen vissza arra az oldalra, ahonnan érkezett, és kezdje újra.",
    },
    used: {
      title: "Ezt a hivatkozást már felhasználták",
      body: "A válaszát továbbítottuk. Ha módosítani szeretné, térjen vissza, és kezdje újra.",
    },
    openEnd: "Az előfizetését lemondjuk. Az utolsó napjáról értesítést kap.",
  },
  it: {
    over: {
      title: "Questo link non è più valido",
      body: "Torna alla pagina da cui sei arrivato e ricomincia.",
    },
    used: {
      title: "Questo link è già stato usato",
      body: "La tua risposta è stata trasmessa. Per cambiarla, torna indietro e ricomincia.",
    },
    openEnd: "Il tuo abbonamento verrà disdetto. Ti verrà comunicato l’ultimo giorno.",
  },
  ja: {
    over: { title: "このリンクはもう使えません", body: "元のページに戻って、もう一度始めてください。" },
    used: {
      title: "このリンクはすでに使用されています",
      body: "ご回答はすでに伝えられています。変更するには、元のページに戻ってやり直してください。",
    },
    openEnd: "ご契約は解約されます。最終日は追ってお知らせします。",
  },
  ko: {
    over: {
      title: "이 링크는 더 이상 사용할 수 없습니다",
      body: "이전 페이지로 돌아가서 다시 시작해 주세요.",
    },
    used: {
      title: "이미 사용된 링크입니다",
      body: "답변이 전달되었습니다. 변경하려면 돌아가서 다시 시작해 주세요.",
    },
    openEnd: "구독이 해지됩니다. 마지막 이용일은 안내해 드립니다.",
  },
  nb: {
    over: {
      title: "Denne lenken kan ikke brukes lenger",
      body: "Gå tilbake til siden du kom fra, og begynn på nytt.",
    },
    used: {
      title: "Denne lenken er allerede brukt",
      body: "Svaret ditt er sendt videre. Vil du endre det, går du tilbake og begynner på nytt.",
    },
    openEnd: "Abonnementet ditt blir sagt opp. Du får beskjed om den siste dagen.",
  },
  nl: {
    over: {
      title: "Deze link is niet meer geldig",
      body: "Ga terug naar de pagina waar u vandaan kwam en begin opnieuw.",
    },
    used: {
      title: "Deze link is al gebruikt",
      body: "Uw antwoord is doorgegeven. Wilt u het wijzigen, ga dan terug en begin opnieuw.",
    },
    openEnd: "Je abonnement wordt opgezegd. Je hoort wat de laatste dag is.",
  },
  pl: {
    over: {
      title: "Ten link nie jest już aktywny",
      body: "Wróć na stronę, z której tu trafiono, i zacznij od nowa.",
    },
    used: {
      title: "Ten link został już użyty",
      body: "Odpowiedź została przekazana. Aby ją zmienić, wróć i zacznij od nowa.",
    },
    openEnd: "Twoja subskrypcja zostanie anulowana. Otrzymasz informację o jej ostatnim dniu.",
  },
  pt: {
    over: { title: "Este link já não pode ser usado", body: "Volte à página de onde veio e comece de novo." },
    used: {
      title: "Este link já foi usado",
      body: "A sua resposta foi transmitida. Para a alterar, volte e comece de novo.",
    },
    openEnd: "A sua assinatura será cancelada. O último dia ser-lhe-á comunicado.",
  },
  ro: {
    over: {
      title: "Acest link nu mai poate fi folosit",
      body: "Reveniți la pagina de la care ați ajuns aici și începeți din nou.",
    },
    used: {
      title: "Acest link a fost deja folosit",
      body: "Răspunsul dvs. a fost transmis. Pentru a-l schimba, reveniți și începeți din nou.",
    },
    openEnd: "Abonamentul dvs. va fi anulat. Veți fi informat despre ultima zi.",
  },
  sv: {
    over: {
      title: "Den här länken går inte längre att använda",
      body: "Gå tillbaka till sidan du kom från och börja om.",
    },
    used: {
      title: "Den här länken har redan använts",
      body: "Ditt svar har skickats vidare. Vill du ändra det går du tillbaka och börjar om.",
    },
    openEnd: "Din prenumeration sägs upp. Du får veta vilken dag som är den sista.",
  },
  tr: {
    over: { title: "Bu bağlantı artık kullanılamaz", body: "Geldiğiniz sayfaya dönüp yeniden başlayın." },
    used: {
      title: "Bu bağlantı zaten kullanıldı",
      body: "Yanıtınız iletildi. Değiştirmek için geri dönüp yeniden başlayın.",
    },
    openEnd: "Aboneliğiniz iptal edilecek. Son günü size bildirilecek.",
  },
  uk: {
    over: {
      title: "Це посилання більше не діє",
      body: "Поверніться на сторінку, з якої ви прийшли, і почніть знову.",
    },
    used: {
      title: "Це посилання вже використано",
      body: "Вашу відповідь передано. Щоб змінити її, поверніться й почніть знову.",
    },
    openEnd: "Вашу підписку буде скасовано. Вам повідомлять її останній день.",
  },
  "zh-hans": {
    over: { title: "此链接已失效", body: "请返回之前的页面重新开始。" },
    used: { title: "此链接已被使用", body: "您的选择已提交。如需更改，请返回重新开始。" },
    openEnd: "您的订阅将被取消，我们会告知您最后一天。",
  },
  "zh-hant": {
    over: { title: "此連結已失效", body: "請返回之前的頁面重新開始。" },
    used: { title: "此連結已被使用", body: "您的選擇已提交。如需更改，請返回重新開始。" },
    openEnd: "您的訂閱將被取消，我們會告知您最後一天。",
  },
};

/** @param locale any tag; English where its language is not spoken */
export function linkWords(locale: string | undefined): LinkWords {
  const tag = chain(locale).tags.find((each) => Object.hasOwn(words, each)) ?? "en";
  return words[tag] as LinkWords;
}
