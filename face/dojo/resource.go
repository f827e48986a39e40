package dojo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/intelligence/posture"
)

// resource is a collection that clients list, look into and add to.
type resource struct {
	name string
	// all lists everything, by number.
	all func(*call) ([]object, error)
	// page lists a part; it stands in for all where there may be too many.
	page func(c *call, q url.Values, offset, limit int) (list []object, total int64, next string, err error)
	// has are the filters: a query parameter and the member it looks at.
	has map[string]match
	// add answers POST, change PATCH on one; nil where clients don't.
	add, change func(*call)
}

// match is how a filter compares.
type match struct {
	member string
	part   bool // contains, else equals; neither minds the case
}

func resources() []resource {
	name := map[string]match{"name": {"name", true}, "name_exact": {"name", false}, "id": {"id", false}}
	return []resource{
		{name: "product_types", all: (*call).productTypes, add: (*call).addProductType, has: with(name, "name", match{"name", false})},
		{name: "products", all: (*call).productObjects, add: (*call).addProduct, has: with(name, "prod_type", match{"prod_type", false})},
		{name: "engagements", all: (*call).engagements, add: (*call).addEngagement, change: (*call).changeEngagement,
			has: with(with(name, "product", match{"product", false}), "status", match{"status", false})},
		{name: "tests", all: (*call).tests, add: (*call).addTest, has: map[string]match{"id": {"id", false}, "engagement": {"engagement", false}, "title": {"title", false},
			"test_type": {"test_type", false}, "scan_type": {"scan_type", false}}},
		{name: "test_types", all: (*call).testTypes, has: with(name, "name", match{"name", false})},
		{name: "users", all: (*call).users, has: map[string]match{"username": {"username", false}, "id": {"id", false}}},
		{name: "development_environments", all: (*call).environments, has: with(name, "name", match{"name", false})},
		{name: "findings", page: (*call).findings},
	}
}

// with adds a filter to a copy.
func with(m map[string]match, name string, how match) map[string]match {
	out := map[string]match{name: how}
	for k, v := range m {
		if k != name {
			out[k] = v
		}
	}
	return out
}

const (
	defaultLimit = 25
	maxLimit     = 1000
)

// window reads limit and offset as Django REST framework does: what is no
// number means the default.
func window(q url.Values) (offset, limit int) {
	limit = defaultLimit
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 {
		limit = min(n, maxLimit)
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil && n > 0 {
		offset = n
	}
	return offset, limit
}

// list answers a page of a collection.
func (c *call) list(r resource) {
	q := c.r.URL.Query()
	offset, limit := window(q)
	if r.page != nil {
		list, total, cursor, err := r.page(c, q, offset, limit)
		if err != nil {
			c.problem(err)
			return
		}
		c.send(http.StatusOK, c.paged(list, total, offset, limit, cursor))
		return
	}
	all, err := r.all(c)
	if err != nil {
		c.problem(err)
		return
	}
	kept := all[:0:0]
	for _, o := range all {
		if fits(r.has, q, o) {
			kept = append(kept, o)
		}
	}
	from := min(offset, len(kept))
	c.send(http.StatusOK, c.paged(kept[from:min(from+limit, len(kept))], int64(len(kept)), offset, limit, ""))
}

func fits(has map[string]match, q url.Values, o object) bool {
	for name, how := range has {
		want := strings.ToLower(q.Get(name))
		if want == "" {
			continue
		}
		is := strings.ToLower(fmt.Sprint(o[how.member]))
		if is != want && !(how.part && strings.Contains(is, want)) {
			return false
		}
	}
	return true
}

// paged is a page with its neighbours. A cursor in the link to the next page
// spares the walk that an offset costs.
func (c *call) paged(list []object, total int64, offset, limit int, cursor string) object {
	if list == nil {
		list = []object{}
	}
	link := func(at int, cursor string) any {
		u := *c.r.URL
		q := u.Query()
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(at))
		q.Del("cursor")
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		return strings.TrimSuffix(c.PublicURL, "/") + u.Path + "?" + q.Encode()
	}
	out := object{"count": total, "next": nil, "previous": nil, "results": list}
	if int64(offset+len(list)) < total && len(list) > 0 {
		out["next"] = link(offset+limit, cursor)
	}
	if offset > 0 {
		out["previous"] = link(max(offset-limit, 0), "")
	}
	return out
}

// show answers one of a collection.
func (c *call) show(r resource) {
	id := c.r.PathValue("id")
	if r.page != nil {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			c.problem(posture.ErrNotFound)
			return
		}
		o, err := c.oneFinding(n)
		if err != nil {
			c.problem(err)
			return
		}
		c.send(http.StatusOK, o)
		return
	}
	all, err := r.all(c)
	if err != nil {
		c.problem(err)
		return
	}
	i := slices.IndexFunc(all, func(o object) bool { return fmt.Sprint(o["id"]) == id })
	if i < 0 {
		c.problem(posture.ErrNotFound)
		return
	}
	c.send(http.StatusOK, all[i])
}

// maxBody bounds the JSON that clients send to make something.
const maxBody = 1 << 20

// read reads a JSON body, or a form's fields.
func (c *call) read() (object, error) {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/") || strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxBody)
		if err := c.r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return nil, invalid{"non_field_errors": {"the form can't be read"}}
		}
		out := object{}
		for k, v := range c.r.PostForm {
			out[k] = v[len(v)-1]
		}
		return out, nil
	}
	out := object{}
	if err := json.NewDecoder(io.LimitReader(c.r.Body, maxBody)).Decode(&out); err != nil {
		return nil, invalid{"non_field_errors": {"JSON parse error - " + err.Error()}}
	}
	return out, nil
}

// word is a text member, or a number in digits.
func (o object) word(name string) string {
	switch v := o[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatInt(int64(v), 10)
	}
	return ""
}

func (o object) number(name string) int64 {
	n, _ := strconv.ParseInt(o.word(name), 10, 64) // 0 is no number of ours
	return n
}
