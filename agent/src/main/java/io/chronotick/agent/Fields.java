// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns records into JSON's terms, and their classes into JSON Schemas: the two cannot drift apart. */
final class Fields {
    /** ISO 8601 in UTC, always with nine digits, so that columns of times align and sort. */
    private static final DateTimeFormatter ISO =
            new DateTimeFormatterBuilder().appendInstant(9).toFormatter(Locale.ROOT);

    /** A record class's components with their names in JSON. */
    private static final ClassValue<List<Field>> FIELDS = new ClassValue<>() {
        @Override
        protected List<Field> computeValue(Class<?> type) {
            return Arrays.stream(type.getRecordComponents())
                    .map(component -> new Field(name(component), component))
                    .toList();
        }
    };

    private record Field(String name, RecordComponent component) {
        Object value(Record of) {
            try {
                return Objects.requireNonNull(component.getAccessor().invoke(of));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e); // public records of this package
            }
        }
    }

    private Fields() {}

    static String iso(Instant instant) {
        return ISO.format(instant);
    }

    static Map<String, Object> toMap(Record result) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (Field field : FIELDS.get(result.getClass())) {
            Object value = json(field.value(result));
            if (value != null) {
                map.put(field.name, value);
            }
        }
        return map;
    }

    private static @Nullable Object json(Object value) {
        if (value instanceof Optional<?> optional) {
            return optional.map(Fields::json).orElse(null);
        }
        if (value instanceof Instant instant) {
            return iso(instant);
        }
        if (value instanceof Enum<?> constant) {
            return lowerCase(constant);
        }
        if (value instanceof List<?> list) {
            List<Object> converted = new ArrayList<>();
            list.forEach(each -> converted.add(Objects.requireNonNull(json(each))));
            return converted;
        }
        return value instanceof Record nested ? toMap(nested) : value;
    }

    private static String name(RecordComponent component) {
        About about = component.getAnnotation(About.class);
        return about == null || about.name().isEmpty() ? snakeCase(component.getName()) : about.name();
    }

    /** JSON Schema 2020-12 of what {@link #toMap} makes of such records. */
    static Map<String, Object> schema(Class<? extends Record> type) {
        return schema(List.of(type));
    }

    /**
     * JSON Schema 2020-12 of what {@link #toMap} makes of records of any of some classes. A field of several means the same in all; the
     * first class describes it.
     */
    static Map<String, Object> schema(List<Class<? extends Record>> types) {
        Map<String, Object> properties = new LinkedHashMap<>();
        Map<String, Integer> needed = new HashMap<>();
        for (Class<? extends Record> type : types) {
            for (Field field : FIELDS.get(type)) {
                Type generic = field.component.getGenericType();
                Map<String, Object> property = new LinkedHashMap<>(typeSchema(generic));
                About about = field.component.getAnnotation(About.class);
                if (about != null) {
                    property.put("description", about.value());
                }
                properties.putIfAbsent(field.name, property);
                if (rawType(generic) != Optional.class) {
                    needed.merge(field.name, 1, Integer::sum);
                }
            }
        }
        List<String> required = properties.keySet().stream()
                .filter(name -> needed.getOrDefault(name, 0) == types.size())
                .toList();
        return Map.of("type", "object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private static Map<String, Object> typeSchema(Type type) {
        Class<?> raw = rawType(type);
        if (raw == Optional.class) {
            return typeSchema(argument(type));
        }
        if (raw == List.class) {
            return Map.of("type", "array", "items", typeSchema(argument(type)));
        }
        if (raw == double.class || raw == Double.class || raw == BigDecimal.class) {
            return Map.of("type", "number");
        }
        if (raw == long.class || raw == int.class) {
            return Map.of("type", "integer");
        }
        if (raw == boolean.class) {
            return Map.of("type", "boolean");
        }
        if (raw == Instant.class) {
            return Map.of("type", "string", "format", "date-time");
        }
        if (raw.isEnum()) {
            List<String> names = Arrays.stream(raw.getEnumConstants())
                    .map(constant -> lowerCase((Enum<?>) constant))
                    .toList();
            return Map.of("type", "string", "enum", names);
        }
        return raw.isRecord() ? schema(raw.asSubclass(Record.class)) : Map.of("type", "string");
    }

    private static Class<?> rawType(Type type) {
        return (Class<?>) (type instanceof ParameterizedType parameterized ? parameterized.getRawType() : type);
    }

    private static Type argument(Type type) {
        return ((ParameterizedType) type).getActualTypeArguments()[0];
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String snakeCase(String camelCase) {
        return camelCase.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
