"use strict";

// validatorUrl null: the page must not show the document to a validator on another host.
SwaggerUIBundle({
  url: "openapi/openapi.json",
  dom_id: "#api",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
