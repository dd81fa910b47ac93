"""Sign chains, look for events by who, what and when, and let PostgreSQL refuse all but appending."""

from django.core.signing import Signer
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION rbac_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION rbac_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM rbac_auditchain AS chain
        WHERE chain.tenant_uid = NEW.tenant_uid
          AND chain.length = NEW.sequence - 1
          AND chain.head = NEW.previous_hash
    ) THEN
        RAISE EXCEPTION 'the audit is append-only: event % is not the next of its chain', NEW.sequence
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION rbac_audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.length = 0 AND NEW.head = '' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.tenant_uid = OLD.tenant_uid THEN
        IF NEW.length = OLD.length AND NEW.head = OLD.head THEN
            RETURN NEW;  -- signed anew
        END IF;
        IF NEW.length = OLD.length + 1 AND EXISTS (
            SELECT 1 FROM rbac_auditevent AS event
            WHERE event.tenant_uid = NEW.tenant_uid
              AND event.sequence = NEW.length
              AND event.hash = NEW.head
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is append-only: a chain only grows, by one event at a time'
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON rbac_auditevent
    FOR EACH ROW EXECUTE FUNCTION rbac_audit_refuse();
CREATE TRIGGER audit_event_all_stay BEFORE TRUNCATE ON rbac_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_audit_refuse();
CREATE TRIGGER audit_event_appends BEFORE INSERT ON rbac_auditevent
    FOR EACH ROW EXECUTE FUNCTION rbac_audit_append();
CREATE TRIGGER audit_chain_stays BEFORE DELETE ON rbac_auditchain
    FOR EACH ROW EXECUTE FUNCTION rbac_audit_refuse();
CREATE TRIGGER audit_chain_all_stay BEFORE TRUNCATE ON rbac_auditchain
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_audit_refuse();
CREATE TRIGGER audit_chain_advances BEFORE INSERT OR UPDATE ON rbac_auditchain
    FOR EACH ROW EXECUTE FUNCTION rbac_audit_advance();
CREATE TRIGGER audit_checkpoint_stays BEFORE UPDATE OR DELETE ON rbac_auditcheckpoint
    FOR EACH ROW EXECUTE FUNCTION rbac_audit_refuse();
CREATE TRIGGER audit_checkpoint_all_stay BEFORE TRUNCATE ON rbac_auditcheckpoint
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_audit_refuse();
"""
"""Only TRUNCATE is let through, in databases named as Django names those of tests, which it empties
so; no connection can rename the database that it is to."""

AS_BEFORE = """
DROP TRIGGER audit_event_stays ON rbac_auditevent;
DROP TRIGGER audit_event_all_stay ON rbac_auditevent;
DROP TRIGGER audit_event_appends ON rbac_auditevent;
DROP TRIGGER audit_chain_stays ON rbac_auditchain;
DROP TRIGGER audit_chain_all_stay ON rbac_auditchain;
DROP TRIGGER audit_chain_advances ON rbac_auditchain;
DROP TRIGGER audit_checkpoint_stays ON rbac_auditcheckpoint;
DROP TRIGGER audit_checkpoint_all_stay ON rbac_auditcheckpoint;
DROP FUNCTION rbac_audit_refuse();
DROP FUNCTION rbac_audit_append();
DROP FUNCTION rbac_audit_advance();
"""


def sign_heads(apps, schema_editor):
    """Sign the chains that there are, as rbac.audit.links does."""
    signer = Signer(salt='kargo.audit.head', algorithm='sha256')
    chains = apps.get_model('rbac', 'AuditChain').objects.all()
    for chain in chains:
        chain.signature = signer.signature(f'{chain.tenant_uid}:{chain.length}:{chain.head}')
        chain.save(update_fields=['signature'])


def refuse_all_but_appending(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(APPEND_ONLY, params=None)


def allow_everything(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(AS_BEFORE, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('rbac', '0002_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditCheckpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant_uid', models.UUIDField()),
                ('length', models.BigIntegerField()),
                ('head', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_uid', 'length'], name='audit_checkpoint')],
            },
        ),
        migrations.AddField(
            model_name='auditchain',
            name='signature',
            field=models.CharField(default='', editable=False, max_length=64),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'project_uid', '-sequence'], name='audit_project'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'actor', '-sequence'], name='audit_actor'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'action', '-sequence'], name='audit_action'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'kind', '-sequence'], name='audit_kind'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'object_name', '-sequence'], name='audit_name'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['tenant_uid', 'at', 'sequence'], name='audit_time'),
        ),
        migrations.RunPython(sign_heads, migrations.RunPython.noop),
        migrations.RunPython(refuse_all_but_appending, allow_everything),
    ]
