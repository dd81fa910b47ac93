// Shows the description of the REST API.
"use strict";

const target = document.getElementById("api");
window.SwaggerUIBundle({
  url: target.dataset.schema,
  domNode: target,
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "none",
  filter: true,
});
