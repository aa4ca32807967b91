// The images of a shop: uploaded by its back end, served to everyone at permanent URLs.
package main

import (
	"example.com/pulumi-image-intake/sdk/go/imageintake"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		security, err := pulumi.NewStackReference(ctx, settings.Require("securityStack"), nil)
		if err != nil {
			return err
		}

		products, err := imageintake.NewImagePipeline(ctx, "products", &imageintake.ImagePipelineArgs{
			Presets: []string{
				"thumbnail 160x160 contain webp",
				"product 1200x1200 contain webp quality=85",
			},
			Protect:        pulumi.BoolRef(true),
			CorsOrigins:    []string{"https://www.example.com"},
			MaxConcurrency: pulumi.IntRef(50),
			Delivery:       pulumi.BoolRef(true),
			KmsKey:         security.GetStringOutput(pulumi.String("kmsKeyArn")),
			AlarmEmails:    []string{settings.Require("onCall")},
		})
		if err != nil {
			return err
		}

		// The start of every image's URL, and what the role of the back end needs to upload.
		ctx.Export("images", products.DeliveryUrl)
		ctx.Export("api", products.ApiUrl)
		ctx.Export("backEndPolicy", pulumi.JSONMarshal(map[string]any{
			"Version": "2012-10-17",
			"Statement": []any{map[string]any{
				"Effect":   "Allow",
				"Action":   "execute-api:Invoke",
				"Resource": pulumi.Sprintf("%s/*", products.ApiExecutionArn),
			}},
		}))
		return nil
	})
}
