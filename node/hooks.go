package node

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// hooks implements httpapi.Hooks.
type hooks struct{ n *Node }

// Hooks implements httpapi.Hooks.
func (h hooks) Hooks(ctx context.Context, t tenant.ID) ([]posture.Hook, error) {
	return h.n.db.Hooks(ctx, t)
}

// RemoveHook implements httpapi.Hooks.
func (h hooks) RemoveHook(ctx context.Context, t tenant.ID, id string) error {
	return h.n.db.RemoveHook(ctx, t, id)
}

// MakeHook implements httpapi.Hooks.
func (h hooks) MakeHook(ctx context.Context, t tenant.ID, name string, fields map[string]string, by string) (posture.Hook, string, error) {
	secret, err := newSecret("stancehook_")
	if err != nil {
		return posture.Hook{}, "", err
	}
	id, err := newSecret("")
	if err != nil {
		return posture.Hook{}, "", err
	}
	if fields == nil {
		fields = map[string]string{}
	}
	hook := posture.Hook{ID: id[:26], Name: name, Fields: fields, By: by, At: now()}
	var sealed bytes.Buffer
	w, err := h.n.keys.Encrypt(t, &sealed, hookLabel(hook.ID))
	if err != nil {
		return hook, "", err
	}
	if _, err := io.WriteString(w, secret); err != nil {
		return hook, "", err
	}
	if err := w.Close(); err != nil {
		return hook, "", err
	}
	hook.Secret = sealed.Bytes()
	return hook, secret, h.n.db.AddHook(ctx, t, hook)
}

func hookLabel(id string) string { return "hook " + id }

// Deliver implements httpapi.Hooks. The body streams into the store while its
// signature is computed; a report is made of it only when that is right. Bytes
// of a wrong one are named by nothing.
func (h hooks) Deliver(ctx context.Context, id string, header func(string) string, body io.Reader) ([]posture.Report, error) {
	t, hook, err := h.n.db.Hook(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := h.n.keys.Decrypt(t, bytes.NewReader(hook.Secret), hookLabel(id))
	if err != nil {
		return nil, fmt.Errorf("read the secret of hook %q: %w", hook.Name, err)
	}
	secret, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the secret of hook %q: %w", hook.Name, err)
	}
	signature, err := receive.NewSignature(header, string(secret), now())
	if err != nil {
		return nil, err
	}
	s, err := receive.Describe(hook.Fields, "webhook "+hook.Name, now())
	if err != nil {
		return nil, &receive.Refusal{Reason: receive.Unreadable, Text: "the hook's fields: " + err.Error()}
	}
	if s.Name == "" {
		s.Name = hook.Name
	}
	stored, err := h.n.receive.Store(ctx, t, signature.Reader(body))
	if err != nil {
		return nil, err
	}
	if err := signature.Verify(); err != nil {
		return nil, err
	}
	key := ""
	if signature.Delivery != "" {
		key = "hook:" + id + ":" + signature.Delivery
	}
	return intake(h).Commit(ctx, t, s, key, stored)
}
