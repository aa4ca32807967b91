// Users who sign in upload photographs; a gallery and an endpoint are notified of every one.
import * as pulumi from "@pulumi/pulumi";
import { ImagePipeline } from "@pulumi/image-intake";

const config = new pulumi.Config();
const identity = new pulumi.StackReference(config.require("identityStack"));
const clientId = identity.requireOutput("clientId");

const photos = new ImagePipeline("photos", {
    presets: ["thumbnail 256x256 cover webp", "screen 2048x2048 contain avif quality=60"],
    corsOrigins: [config.require("gallery")],
    apiAuth: "jwt",
    jwtIssuer: identity.requireOutput("issuer"),
    jwtAudience: [clientId],
    page: true,
    signInClientId: clientId,
    webhookUrls: [config.require("webhook")],
    webhookSecret: config.requireSecret("webhookSecret"),
});

export const uploadPage = photos.apiUrl;

// What the gallery's role needs to read the variants.
export const galleryPolicy = pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
        {
            Effect: "Allow",
            Action: "s3:GetObject",
            Resource: pulumi.interpolate`${photos.variantsBucketArn}/resized/*`,
        },
    ],
});
