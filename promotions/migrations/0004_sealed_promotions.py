from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0003_messages_and_responses")]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="encrypted",
            field=models.TextField(blank=True, default="", editable=False),
        ),
    ]
