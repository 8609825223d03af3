/**
 * What reminders say where a business says nothing else. `{amount}`, `{url}` and `{workspace}` stand for what they name.
 * Each says what has happened, what to do about it, and that it can be left alone if it is done already.
 */
import type { RemindedClass } from "../store/store.ts";

export interface ReminderWords {
  subject: string;
  /** Paragraphs, with an empty line between them. One that is only `{url}` becomes a button. */
  text: string;
}

export interface LanguageWords extends Record<RemindedClass, ReminderWords> {
  button: string;
  /** Why somebody gets it. */
  footer: string;
}

export const reminderWords = {
  en: {
    button: "See to the payment",
    footer:
      "You get this mail because you have a subscription with {workspace} and a payment for it has failed. It is not advertising.",
    card_update: {
      subject: "{workspace}: your card could not be charged",
      text: "Hello,\n\nwe could not take {amount} from your card: your bank has refused it. It may have expired, or been replaced. Please give another card, or correct its details:\n\n{url}\n\nIf you have done so already, there is nothing more to do.",
    },
    authenticate: {
      subject: "{workspace}: please confirm your payment",
      text: "Hello,\n\nyour bank wants you to confirm the payment of {amount} before it goes through. You can do that here:\n\n{url}\n\nIf you have done so already, there is nothing more to do.",
    },
    retryable: {
      subject: "{workspace}: a payment did not go through",
      text: "Hello,\n\nwe could not collect {amount}. That may pass by itself, and we may try again. You can also pay now, or give another card:\n\n{url}\n\nIf you have paid already, there is nothing more to do.",
    },
  },
  de: {
    button: "Zur Zahlung",
    footer:
      "Sie erhalten diese E-Mail, weil Sie ein Abonnement bei {workspace} haben und eine Zahlung dafür fehlgeschlagen ist. Sie ist keine Werbung.",
    card_update: {
      subject: "{workspace}: Ihre Karte konnte nicht belastet werden",
      text: "Guten Tag,\n\nwir konnten {amount} nicht von Ihrer Karte abbuchen: Ihre Bank hat die Zahlung abgelehnt. Vielleicht ist die Karte abgelaufen oder wurde ersetzt. Bitte geben Sie eine andere Karte an oder berichtigen Sie die Angaben:\n\n{url}\n\nFalls das schon geschehen ist, brauchen Sie nichts weiter zu tun.",
    },
    authenticate: {
      subject: "{workspace}: Bitte bestätigen Sie Ihre Zahlung",
      text: "Guten Tag,\n\nIhre Bank möchte, dass Sie die Zahlung von {amount} bestätigen, bevor sie ausgeführt wird. Das können Sie hier tun:\n\n{url}\n\nFalls das schon geschehen ist, brauchen Sie nichts weiter zu tun.",
    },
    retryable: {
      subject: "{workspace}: Eine Zahlung ist fehlgeschlagen",
      text: "Guten Tag,\n\nwir konnten {amount} nicht einziehen. Das kann sich von selbst erledigen, und vielleicht versuchen wir es noch einmal. Sie können auch jetzt bezahlen oder eine andere Karte angeben:\n\n{url}\n\nFalls Sie schon bezahlt haben, brauchen Sie nichts weiter zu tun.",
    },
  },
  fr: {
    button: "Régler le paiement",
    footer:
      "Vous recevez cet e-mail parce que vous avez un abonnement chez {workspace} et qu’un paiement a échoué. Ce n’est pas de la publicité.",
    card_update: {
      subject: "{workspace} : votre carte n’a pas pu être débitée",
      text: "Bonjour,\n\nnous n’avons pas pu débiter {amount} de votre carte : votre banque a refusé le paiement. La carte a peut-être expiré ou été remplacée. Veuillez indiquer une autre carte ou corriger ses coordonnées :\n\n{url}\n\nSi c’est déjà fait, vous n’avez plus rien à faire.",
    },
    authenticate: {
      subject: "{workspace} : veuillez confirmer votre paiement",
      text: "Bonjour,\n\nvotre banque vous demande de confirmer le paiement de {amount} avant de l’exécuter. Vous pouvez le faire ici :\n\n{url}\n\nSi c’est déjà fait, vous n’avez plus rien à faire.",
    },
    retryable: {
      subject: "{workspace} : un paiement n’a pas abouti",
      text: "Bonjour,\n\nnous n’avons pas pu encaisser {amount}. Cela peut s’arranger tout seul, et nous essaierons peut-être de nouveau. Vous pouvez aussi payer maintenant ou indiquer une autre carte :\n\n{url}\n\nSi vous avez déjà payé, vous n’avez plus rien à faire.",
    },
  },
  es: {
    button: "Ir al pago",
    footer:
      "Recibe este correo porque tiene una suscripción con {workspace} y un pago ha fallado. No es publicidad.",
    card_update: {
      subject: "{workspace}: no se ha podido cobrar en su tarjeta",
      text: "Hola:\n\nNo hemos podido cobrar {amount} en su tarjeta: su banco ha rechazado el pago. Quizá la tarjeta haya caducado o haya sido sustituida. Indique otra tarjeta o corrija sus datos:\n\n{url}\n\nSi ya lo ha hecho, no tiene que hacer nada más.",
    },
    authenticate: {
      subject: "{workspace}: confirme su pago",
      text: "Hola:\n\nSu banco le pide que confirme el pago de {amount} antes de realizarlo. Puede hacerlo aquí:\n\n{url}\n\nSi ya lo ha hecho, no tiene que hacer nada más.",
    },
    retryable: {
      subject: "{workspace}: un pago no se ha completado",
      text: "Hola:\n\nNo hemos podido cobrar {amount}. Puede que se resuelva por sí solo, y quizá volvamos a intentarlo. También puede pagar ahora o indicar otra tarjeta:\n\n{url}\n\nSi ya ha pagado, no tiene que hacer nada más.",
    },
  },
} satisfies Record<string, LanguageWords>;

export type ReminderLanguage = keyof typeof reminderWords;

export const REMINDER_LANGUAGES = Object.keys(reminderWords) as ReminderLanguage[];

/** @param tag of a language, `de-AT`; English for what there are no words in */
export function reminderLanguage(tag: string | undefined): ReminderLanguage {
  const [base = ""] = (tag ?? "").toLowerCase().split("-");
  return REMINDER_LANGUAGES.find((each) => each === base) ?? "en";
}
