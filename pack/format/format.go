// Package format carries the mappings of report formats that Stance comes
// with: a folder a format, with the mapping, samples and golden files. They
// are data; ingestion/format/mapping reads them.
package format

import "embed"

//go:embed */mapping.yaml
var files embed.FS

// Files gives NAME/mapping.yaml for every format.
func Files() embed.FS { return files }
