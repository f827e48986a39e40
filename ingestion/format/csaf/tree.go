package csaf

import (
	"errors"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// tree knows the products of a document by id.
type tree struct {
	products  map[string]*product
	relations map[string]*relationship
	groups    map[string][]string
}

func newTree() *tree {
	return &tree{products: map[string]*product{}, relations: map[string]*relationship{}, groups: map[string][]string{}}
}

// product is a full product name with what its branches say.
type product struct {
	name, purl                    string // of the full product name
	vendor, branch, version, span string // of branches; span is a version range
}

// fullName is a full_product_name_t.
type fullName struct {
	ID     jsondoc.Text `json:"product_id"`
	Name   jsondoc.Text `json:"name"`
	Helper jsondoc.Lax[struct {
		PURL  jsondoc.Text    `json:"purl"`
		PURLs jsondoc.Strings `json:"purls"` // 2.1
	}] `json:"product_identification_helper"`
}

func (f *fullName) purl() string {
	if f.Helper.V.PURL == "" && len(f.Helper.V.PURLs) > 0 {
		return f.Helper.V.PURLs[0]
	}
	return string(f.Helper.V.PURL)
}

type branch struct {
	Category jsondoc.Text          `json:"category"`
	Name     jsondoc.Text          `json:"name"`
	Product  jsondoc.Lax[fullName] `json:"product"`
	Branches jsondoc.List[branch]  `json:"branches"`
}

type relationship struct {
	Category jsondoc.Text          `json:"category"`
	Full     jsondoc.Lax[fullName] `json:"full_product_name"`
	Part     jsondoc.Text          `json:"product_reference"`
	Whole    jsondoc.Text          `json:"relates_to_product_reference"`
}

// read takes the tree in. An odd entry costs only itself: products that it
// would have named are told by their ids.
func (t *tree) read(r *jsondoc.Reader) error {
	err := r.Object(func(name string) error {
		switch name {
		case "branches":
			return each(r, func(b *branch) { t.branch(b, product{}, 0) })
		case "full_product_names":
			return each(r, func(f *fullName) { t.add(f, product{}) })
		case "relationships":
			return each(r, func(rel *relationship) { t.relations[string(rel.Full.V.ID)] = rel })
		case "product_groups":
			return each(r, func(g *struct {
				ID       jsondoc.Text    `json:"group_id"`
				Products jsondoc.Strings `json:"product_ids"`
			}) {
				t.groups[string(g.ID)] = g.Products
			})
		}
		return nil
	})
	return ignoreShape(err)
}

// each reads the elements of the array that comes next and leaves out those
// of another shape.
func each[T any](r *jsondoc.Reader, fn func(*T)) error {
	return ignoreShape(r.Array(func(int) error {
		v := new(T)
		err := r.Decode(v)
		if err == nil {
			fn(v)
		}
		return ignoreShape(err)
	}))
}

func ignoreShape(err error) error {
	var odd *jsondoc.ShapeError
	if errors.As(err, &odd) {
		return nil
	}
	return err
}

// maxDepth bounds how deep branches nest and relationships chain.
const maxDepth = 64

func (t *tree) branch(b *branch, above product, depth int) {
	if depth > maxDepth {
		return
	}
	switch b.Category {
	case "vendor":
		above.vendor = string(b.Name)
	case "product_name":
		above.branch = string(b.Name)
	case "product_version":
		above.version = string(b.Name)
	case "product_version_range":
		above.span = string(b.Name)
	}
	if b.Product.V.ID != "" {
		t.add(&b.Product.V, above)
	}
	for i := range b.Branches {
		t.branch(&b.Branches[i], above, depth+1)
	}
}

func (t *tree) add(f *fullName, p product) {
	p.name, p.purl = string(f.Name), f.purl()
	t.products[string(f.ID)] = &p
}

// place is a product resolved.
type place struct {
	component finding.Component
	image     string
	span      string // version range, when the product stands for one
}

// resolve finds out what a product id stands for. One that is defined nowhere
// is its own name.
func (t *tree) resolve(id string) place { return t.follow(id, 0) }

func (t *tree) follow(id string, depth int) place {
	rel := t.relations[id]
	if rel == nil || depth > maxDepth {
		return t.single(id)
	}
	part, whole := t.follow(string(rel.Part), depth+1), t.follow(string(rel.Whole), depth+1)
	p := part
	if purl := rel.Full.V.purl(); purl != "" {
		p = (&product{name: string(rel.Full.V.Name), purl: purl}).place()
	}
	if p.image == "" {
		p.image = whole.image
	}
	path := whole.component.Path
	if len(path) == 0 {
		path = []string{whole.label()}
	}
	p.component.Path = append(path[:len(path):len(path)], p.label())
	p.component.Ref = id
	return p
}

func (t *tree) single(id string) place {
	p := t.products[id]
	if p == nil {
		p = &product{name: id}
	}
	at := p.place()
	at.component.Ref = id
	return at
}

// place gives the component of a product: by its package URL, else by its
// branches, else by its full name.
func (p *product) place() place {
	c := ident.OfPURL(p.purl)
	image, _ := ident.ImageOfPURL(p.purl)
	if c.Name == "" || c.Name == p.purl { // none, or one that can't be taken apart
		c.Name, c.Version, c.Group = p.branch, p.version, p.vendor
		if c.Name == "" {
			c.Name, c.Version, c.Group = p.name, p.version, ""
		}
	}
	if c.Version == "" {
		c.Version = p.version
	}
	return place{component: c, image: image, span: p.span}
}

// label is how the product is written in a path.
func (p *place) label() string {
	c := &p.component
	if c.PURL != "" {
		return c.PURL
	}
	return strings.Join(ident.Add(nil, c.Name, c.Version), " ")
}
