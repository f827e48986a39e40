// Package estate holds what an organisation runs and what is known of it:
// business units, applications, assets, and their context.
package estate

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ApplicationID and AssetID are UUIDv7, sortable by creation.
type (
	ApplicationID uuid.UUID
	AssetID       uuid.UUID
)

// String returns the canonical form.
func (id ApplicationID) String() string { return uuid.UUID(id).String() }

// String returns the canonical form.
func (id AssetID) String() string { return uuid.UUID(id).String() }

// AssetKind is what an asset is.
type AssetKind string

// The kinds of assets.
const (
	Repository    AssetKind = "repository"
	Image         AssetKind = "image"
	Endpoint      AssetKind = "endpoint"
	CloudResource AssetKind = "cloud_resource"
	Cluster       AssetKind = "cluster"
	Host          AssetKind = "host"
)

// AssetKinds lists every kind.
func AssetKinds() []AssetKind {
	return []AssetKind{Repository, Image, Endpoint, CloudResource, Cluster, Host}
}

// ParseAssetKind returns the kind with that name.
func ParseAssetKind(s string) (AssetKind, error) {
	for _, k := range AssetKinds() {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown asset kind %q: want one of %v", s, AssetKinds())
}

// Application is a product or service that people own as a whole.
type Application struct {
	ID          ApplicationID
	Key         string // unique in the tenant, lower case: "shop"
	Name        string // as people write it: "Internet Shop"
	Description string
	Unit        string // business unit
	Owner       string // team
	Context     Context
	Created     time.Time
}

// Asset is one thing that scans look at.
type Asset struct {
	ID          AssetID
	Application ApplicationID
	Kind        AssetKind
	// Name identifies the asset in the application: a repository's path or
	// URL, an image without its tag, a host.
	Name string
	// DefaultRef is the branch or tag whose state counts in figures; empty
	// until the first scan with a ref sets it.
	DefaultRef string
	Created    time.Time
}

// Unassigned is the key of the application that holds the assets which no
// application claims yet. It is made with the first of them.
const Unassigned = "unassigned"

// Key makes the lower-case key of an application's name: letters, digits,
// and single dashes. It returns an error when nothing is left.
func Key(name string) (string, error) {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(strings.TrimSpace(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
	}
	if b.Len() == 0 || b.Len() > 100 {
		return "", fmt.Errorf("application name %q: want 1 to 100 letters or digits", name)
	}
	return b.String(), nil
}
