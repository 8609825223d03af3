import { createApp } from "vue";
import BillingPage from "./BillingPage.vue";
import "./app.css";

createApp(BillingPage).mount("#app");
