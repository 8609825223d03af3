import { createApp } from "vue";
import Billing from "./Billing.vue";
import "./app.css";

createApp(Billing).mount("#app");
