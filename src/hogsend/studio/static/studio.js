// What Studio's pages do in the browser; each part is a module of its own.

import { drawCharts } from "./charts.js";
import { watchConnection } from "./connection.js";
import { openDialogs } from "./dialogs.js";
import { toggleMenu } from "./menu.js";
import { chooseTheme } from "./theme.js";
import { tellTimes } from "./times.js";

chooseTheme();
toggleMenu();
openDialogs();
watchConnection();
tellTimes();
drawCharts();
