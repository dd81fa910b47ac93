from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_default_roles")]

    operations = [
        migrations.RemoveIndex(model_name="change", name="change_order"),
        migrations.RemoveField(model_name="change", name="transaction"),
    ]
