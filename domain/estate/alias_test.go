package estate

import "testing"

func TestRepositoryName(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.test/acme/shop.git":           "git.test/acme/shop",
		"https://user:pw@git.test/acme/shop/":      "git.test/acme/shop",
		"git@git.test:acme/shop.git":               "git.test/acme/shop",
		"ssh://git@git.test:22/acme/shop.git":      "git.test/acme/shop",
		"ssh://git@git.test:2222/acme/shop.git":    "git.test:2222/acme/shop",
		"https://GIT.test:443/acme/Shop?x=1":       "git.test/acme/Shop",
		"git+https://git.test/acme/shop.git#main":  "git.test/acme/shop",
		"scm:git:https://git.test/acme/shop.git":   "git.test/acme/shop",
		"git://git.test/acme/shop":                 "git.test/acme/shop",
		"git.test/acme/shop":                       "git.test/acme/shop",
		"shop":                                     "shop",
		"https://dev.test:8443/acme/shop.git":      "dev.test:8443/acme/shop",
		"git@git.test:group/sub/project.git":       "git.test/group/sub/project",
		"https://git.test/group/sub/project.git//": "git.test/group/sub/project",
	} {
		if got := RepositoryName(address); got != want {
			t.Errorf("RepositoryName(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestProduct(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for name, want := range map[string]Alias{
		"": {},
		"pkg:oci/shop@" + digest + "?repository_url=reg.test/acme/shop&tag=1.0": {Name: "image:reg.test/acme/shop", Version: "1.0", Digest: digest},
		"pkg:oci/shop@" + digest:            {Name: "digest:" + digest, Digest: digest},
		"pkg:docker/acme/shop@1.0":          {Name: "image:acme/shop", Version: "1.0"},
		"pkg:docker/library/nginx@1.27":     {Name: "image:nginx", Version: "1.27"},
		"pkg:npm/%40acme/shop@1.2.3":        {Name: "purl:pkg:npm/%40acme/shop", Version: "1.2.3"},
		"pkg:github/acme/shop@v1":           {Name: "repository:github.com/acme/shop", Version: "v1"},
		digest:                              {Name: "digest:" + digest, Digest: digest},
		"https://git.test/acme/shop.git":    {Name: "repository:git.test/acme/shop"},
		"docker.io/library/nginx:1.27":      {Name: "image:nginx", Version: "1.27"},
		"reg.test:5000/acme/shop@" + digest: {Name: "image:reg.test:5000/acme/shop", Digest: digest},
		"Internet Shop":                     {Name: "name:internet shop"},
	} {
		if got := Product(name); got != want {
			t.Errorf("Product(%q) = %+v, want %+v", name, got, want)
		}
	}
}
