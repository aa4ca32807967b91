// Command sdk_generator writes the SDKs that `pulumi package add` makes of a package:
//
//	sdk_generator SCHEMA FOLDER
//
// FOLDER gets a folder for each language: nodejs, python and go.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

var generators = map[string]func(*schema.Package) (map[string][]byte, error){
	"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
		return nodejs.GeneratePackage("pulumi", pkg, nil, nil, true, nil)
	},
	"python": func(pkg *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage("pulumi", pkg, nil, nil)
	},
	"go": func(pkg *schema.Package) (map[string][]byte, error) {
		return gen.GeneratePackage("pulumi", pkg, nil)
	},
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: sdk_generator SCHEMA FOLDER")
	}
	described, err := os.ReadFile(os.Args[1])
	check(err)
	var spec schema.PackageSpec
	check(json.Unmarshal(described, &spec))
	for language, generate := range generators {
		// The package refers to no other, so no other schema is ever loaded.
		pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
		check(err)
		if len(diagnostics) > 0 {
			log.Fatal(diagnostics)
		}
		// As `pulumi package add` does, whatever the schema says.
		pkg.SupportPack = true
		files, err := generate(pkg)
		check(err)
		for name, content := range files {
			path := filepath.Join(os.Args[2], language, filepath.FromSlash(name))
			check(os.MkdirAll(filepath.Dir(path), 0o755))
			check(os.WriteFile(path, content, 0o644))
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
