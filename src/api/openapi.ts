import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { problemSchema } from "./problem.js";

const { $schema: _dialect, id: _name, ...problem } = z.toJSONSchema(problemSchema);

/** OpenAPI from the routes' own schemas; what is the same for all of them, who may call and how it fails, is added here. */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Hoop", description: "The API of the Hoop gateway.", version },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "`hoop login`, or POST /api/v1/login" },
          cookie: { type: "apiKey", in: "cookie", name: "__Host-hoop" },
        },
      },
    },
    transform: (route) => {
      const result = jsonSchemaTransform(route);
      const { schema } = result;
      if (schema === undefined || schema.hide === true) return result;
      const access = (route.route as { config?: { access?: string } }).config?.access;
      const content = { "application/problem+json": { schema: problem } };
      const response = {
        ...(schema.response as object | undefined),
        default: { description: "What went wrong.", content },
      };
      const security =
        access === undefined || access === "public" ? {} : { security: [{ bearer: [] }, { cookie: [] }] };
      return { ...result, schema: { ...schema, ...security, response } as FastifySchema };
    },
    transformObject: jsonSchemaTransformObject,
  };
}
